# ログインに関するページの日本語です。

## Shared

continue = 続ける
accept = 許可する
decline = 拒否する
confirm = 確認する
cancel = キャンセル
logo-alt = { $tenant }
label-email = メールアドレス
label-username = ユーザー名
label-identifier = ユーザー名またはメールアドレス
label-password = パスワード
label-new-password = 新しいパスワード
label-repeat-password = 新しいパスワード（確認用）
label-code = コード
show-password = パスワードを表示
hide-password = パスワードを非表示
edit = 変更
edit-identifier = 別のアカウントを使用する
forgot-password = パスワードをお忘れですか？
signup-question = アカウントをお持ちでないですか？
signup-link = 新規登録
login-question = すでにアカウントをお持ちですか？
login-link = ログイン
back-to-login = ログインに戻る
back-to-application = { $application }に戻る
help = ヘルプ
problem = エラー：
signed-in-as = { $user }としてログイン中

## Login

divider = または
continue-with = { $provider } で続ける
continue-with-passkey = パスキーで続ける
login-page-title = ログイン | { $application }
login-title = ようこそ
login-description = { $tenant }にログインして{ $application }に進んでください。
password-page-title = パスワードの入力 | { $application }
password-title = パスワードを入力してください
password-description = { $application }に進むには、{ $tenant }のパスワードを入力してください。

## Signup

signup-page-title = 新規登録 | { $application }
signup-title = アカウントを作成
signup-description = { $tenant }に登録して{ $application }に進んでください。

## Passwords

rules-title = パスワードの条件：
rule-length = { $count }文字以上
rule-lower = 英小文字（a～z）を含む
rule-upper = 英大文字（A～Z）を含む
rule-digit = 数字（0～9）を含む
rule-special = 記号（!@#$%^&*など）を含む
rule-three-of-four = 次のうち{ $count }つ以上を満たす：
rule-repeats = 同じ文字の連続は{ $count }回まで
rule-personal = 氏名、ユーザー名、メールアドレスの一部を含まない
rule-common = よく使われるパスワードではない
rule-history = 過去に使用したパスワードではない
rule-met = 満たしています：
rule-missed = 満たしていません：

## Password reset

reset-page-title = パスワードの再設定 | { $application }
reset-request-title = パスワードをお忘れですか？
reset-request-description = メールアドレスを入力してください。パスワードの再設定方法をお送りします。
reset-sent-title = メールをご確認ください
reset-sent-description = { $email }のアカウントがある場合は、パスワードの再設定方法をそのアドレスにお送りしました。
reset-sent-hint = 届くまでに数分かかることがあります。迷惑メールフォルダーもご確認ください。
resend-question = メールが届きませんか？
resend-link = もう一度送信する
reset-title = パスワードの変更
reset-description = 新しいパスワードを入力してください。
reset-button = パスワードを再設定する
reset-done-title = パスワードを変更しました
reset-done-description = パスワードが変更されました。今後は新しいパスワードでログインできます。
reset-expired-title = リンクの有効期限が切れています
reset-expired-description = パスワード再設定用のリンクには有効期限があります。続けるには、新しいリンクを請求してください。
reset-used-title = このリンクはすでに使用されています
reset-used-description = パスワード再設定用のリンクは一度しか使用できません。続けるには、新しいリンクを請求してください。
reset-invalid-title = このリンクは無効です
reset-invalid-description = メールに記載されたリンク全体を開いたかご確認いただくか、新しいリンクを請求してください。
reset-again = 新しいリンクを請求する

## Email verification

verification-page-title = メールアドレスの確認 | { $application }
verified-title = メールアドレスを確認しました
verified-description = メールアドレスの確認が完了しました。
verified-already-description = このメールアドレスはすでに確認済みです。
verification-failed-title = メールアドレスを確認できませんでした
verification-invalid-description = このリンクは無効か、有効期限が切れています。アプリケーションから新しいメールを請求してください。
verification-error-description = 現在、メールアドレスを確認できません。しばらくしてからもう一度リンクを開いてください。

## Consent

consent-page-title = { $application }の承認
consent-title = { $application }の承認
consent-greeting = { $user } さん、
consent-message = { $application }が{ $tenant }アカウントへのアクセスを求めています。
consent-scopes = 許可すると、{ $application }は次のことができます：
consent-returns = 選択後、{ $host }に戻ります。
scope-openid = お客様を識別する
scope-profile = 氏名や写真などのプロフィールを見る
scope-email = メールアドレスを見る
scope-address = 住所を見る
scope-phone = 電話番号を見る
scope-offline = 利用していない間もこのアクセスを維持する

## Device activation

device-page-title = デバイスの接続
device-title = デバイスを接続
device-description = デバイスに表示されているコードを入力してください。
device-confirm-page-title = { $application }の接続
device-confirm-title = コードは一致していますか？
device-confirm-description = デバイスの{ $application }に次のコードが表示されていることを確認してください：
device-confirm-warning = ご自身で開始した操作でない場合や、デバイスに心当たりがない場合は、「キャンセル」を選択してください。
device-done-title = 準備が整いました
device-done-description = デバイスが接続されました。このページを閉じてもかまいません。
device-refused-title = デバイスは接続されませんでした
device-refused-description = デバイスにアクセスは許可されませんでした。このページを閉じてもかまいません。

## Logout

logout-page-title = ログアウト | { $application }
logout-title = ログアウト
logout-greeting = { $user } さん、
logout-description = { $application }からログアウトしますか？
logout-yes = ログアウトする
logout-no = ログインしたままにする
logged-out-page-title = ログアウトしました | { $application }
logged-out-title = ログアウトしました
logged-out-description = このページを閉じてもかまいません。
logout-kept-page-title = ログインしたままです | { $application }
logout-kept-title = ログインしたままです

## Unblocking an account

unblock-page-title = アカウントのブロック解除 | { $application }
unblocked-title = ブロックを解除しました
unblocked-description = アカウントのブロックが解除されました。もう一度ログインできます。
unblock-failed-page-title = ブロックを解除できませんでした | { $application }
unblock-failed-title = ブロックを解除できませんでした
unblock-expired-description = このリンクは有効期限が切れています。ログインをお試しください。アカウントがまだブロックされている場合は、新しいリンクをお送りします。
unblock-used-description = このリンクはすでに使用されています。ログインをお試しください。
unblock-error-description = 問題が発生しました。しばらくしてからもう一度リンクを開いてください。

## Errors

error-page-title = 問題が発生しました | { $application }
error-generic-title = 問題が発生しました
error-generic-description = この操作を完了できませんでした。アプリケーションに戻って、もう一度お試しください。
error-expired-title = このページは無効になりました
error-expired-description = ログインに時間がかかりすぎたか、別の場所で続行されました。アプリケーションに戻って、もう一度ログインしてください。
error-request-title = アプリケーションから無効な要求が送信されました
error-request-description = お客様ご自身では解決できません。下記の内容をアプリケーションの運営者にお知らせください。
error-denied-title = アクセスが拒否されました
error-denied-description = { $application }へのアクセス権がありません。心当たりがない場合は、運営者にお問い合わせください。
error-missing-title = ページが見つかりません
error-missing-description = このアドレスには何もありません。リンクをご確認ください。
error-busy-title = ログインが混み合っています
error-busy-description = しばらくお待ちいただいてから、もう一度お試しください。
error-details = 詳細
error-code = エラー
error-tracking = 参照番号

## Problems with what was entered

problem-wrong-credentials = ユーザー名またはパスワードが正しくありません。
problem-wrong-email-credentials = メールアドレスまたはパスワードが正しくありません。
problem-no-email = メールアドレスを入力してください。
problem-no-username = ユーザー名を入力してください。
problem-no-identifier = ユーザー名またはメールアドレスを入力してください。
problem-no-password = パスワードを入力してください。
problem-no-repeat = 新しいパスワードをもう一度入力してください。
problem-no-code = コードを入力してください。
problem-invalid-email = 有効なメールアドレスではありません。name@example.comのように入力してください。
problem-invalid-username = ユーザー名は{ $min }～{ $max }文字で、英字、数字、次の記号が使えます：{ $characters }
problem-invalid-code = このコードは無効か、有効期限が切れています。コードを確認するか、デバイスで最初からやり直してください。
problem-user-blocked = 失敗した試行が多すぎるため、このアカウントはブロックされています。ご自身のアカウントの場合は、ブロックの解除方法が書かれたメールを探すか、パスワードを再設定してください。
problem-account-closed = このアカウントは管理者によってブロックされています。アプリケーションのサポートにお問い合わせください。
problem-ip-blocked = ご利用のネットワークからの試行が多すぎます。しばらくしてからお試しいただくか、管理者にお問い合わせください。
problem-too-many = 試行回数が多すぎます。しばらく待ってから、もう一度お試しください。
problem-too-many-signups = ご利用のネットワークから作成されたアカウントが多すぎます。しばらくしてからお試しください。
problem-signup-refused = この内容ではアカウントを作成できませんでした。すでにアカウントをお持ちの場合は、ログインするかパスワードを再設定してください。
problem-signup-disabled = ここでは新しいアカウントを作成できません。
problem-password-weak = パスワードが弱すぎます。下記の条件に従ってください。
problem-password-common = このパスワードはよく使われており、推測されやすいものです。別のパスワードを選んでください。
problem-password-used = このパスワードは過去に使用されています。別のパスワードを選んでください。
problem-password-personal = パスワードに個人情報の一部が含まれています。別のパスワードを選んでください。
problem-password-long = パスワードが長すぎます。{ $max }文字以内にしてください。
problem-password-mismatch = 2つのパスワードが一致しません。
problem-stale = このページを開いてから時間が経ちすぎました。もう一度入力してください。
problem-passkey = パスキーを受け付けられませんでした。削除されたか、別のアカウントのものかもしれません。もう一度試すか、パスワードでログインしてください。
problem-busy = 現在、ログインが混み合っています。しばらくお待ちいただいてから、もう一度お試しください。
problem-failure = 問題が発生しました。しばらくしてからもう一度お試しください。

## Pages between two sites

relay-page-title = 読み込み中…
relay-description = 何も起こらない場合は、ボタンを押して続けてください。
